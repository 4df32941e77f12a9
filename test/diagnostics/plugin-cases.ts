/** Bad files whose plugins, or what they are given, are wrong. */
import { type BadFile, error } from './case.ts'

export const PLUGIN_CASES: readonly BadFile[] = [
  {
    name: 'an unknown plugin',
    change: [['keyword_filter', '«keyword_filtre»']],
    expect: [error('UNKNOWN_PLUGIN', '', 'did you mean keyword_filter?')],
  },
  {
    name: 'a plugin of another kind',
    change: [['keyword_filter', '«batch_stats»']],
    expect: [error('PLUGIN_KIND', 'an aggregate, not a transform', 'write `aggregate: ')],
  },
  {
    name: 'a missing option',
    change: [['plugin: csv\n    options: { path: data/applications.csv }', 'plugin: csv\n    «options»: {}']],
    expect: [error('PLUGIN_OPTIONS', 'needs the option `path`')],
  },
  {
    name: 'an unknown option',
    change: [['path: data/applications.csv', 'path: a.csv, «delimitr»: x']],
    expect: [error('PLUGIN_OPTIONS', 'no option `delimitr`', 'did you mean delimiter?')],
  },
  {
    name: 'two sinks of one file',
    change: [
      [
        'problems: { plugin: jsonl, options: { path: out/problems.jsonl',
        'problems: { plugin: «jsonl», options: { path: ./out/micro.csv',
      ],
    ],
    expect: [error('SAME_OUTPUT', 'micro.csv, as sink', 'give each its own path')],
  },
  {
    name: 'the beginning of a word that is allowed',
    change: [['path: data/applications.csv', 'path: a.csv, compression: «gz»']],
    expect: [error('PLUGIN_OPTIONS', '`compression` isn’t one of the values that are allowed', 'did you mean gzip?')],
  },
  {
    name: 'an encoding that there isn’t',
    change: [['path: data/applications.csv', 'path: a.csv, encoding: «windows1252x»']],
    expect: [error('PLUGIN_OPTIONS', 'did you mean windows-1252?')],
  },
  {
    name: 'an encoding that can’t be read',
    change: [['path: data/applications.csv', 'path: a.csv, encoding: «utf-7»']],
    expect: [error('PLUGIN_OPTIONS', 'convert the file to UTF-8')],
  },
  {
    name: 'an option of the wrong type',
    change: [['max_km: 50', 'max_km: «far»']],
    expect: [error('PLUGIN_OPTIONS', '`max_km` must be a number, not a text')],
  },
  {
    name: 'a number where a text is wanted',
    change: [['path: data/applications.csv', 'path: «7»']],
    expect: [error('PLUGIN_OPTIONS', '`path` must be a text or a list, not a number')],
  },
  {
    name: 'an element of the wrong type',
    change: [['fields: [note]', 'fields: [note, «7»]']],
    expect: [error('PLUGIN_OPTIONS', '`fields.1`')],
  },
  {
    name: 'a negative option',
    change: [['max_km: 50', 'max_km: «-1»']],
    expect: [error('PLUGIN_OPTIONS', 'at least 0')],
  },
  {
    name: 'an option that isn’t one of those',
    change: [['path: out/micro.csv', 'path: out/micro.csv, if_exists: «replac»']],
    expect: [error('PLUGIN_OPTIONS', '', 'did you mean replace?')],
  },
  {
    name: 'an empty list',
    change: [['fields: [note]', 'fields: «[]»']],
    expect: [error('PLUGIN_OPTIONS', 'must not be empty')],
  },
  {
    name: 'an option that a lax type would drop',
    change: [
      [
        'transform: keyword_filter\n    options: {',
        'transform: ask\n    options: { model: m, key: abc, «temprature»: 1 } #',
      ],
    ],
    expect: [error('PLUGIN_OPTIONS', '', 'did you mean temperature?')],
  },
  {
    name: 'options that don’t go together',
    change: [
      ['transform: keyword_filter\n    options: {', 'transform: ask\n    options: { model: «none», key: abc } #'],
    ],
    expect: [error('PLUGIN_OPTIONS', 'no model `none`', 'try m')],
  },
  {
    name: 'a secret that isn’t set',
    change: [
      [
        'transform: keyword_filter\n    options: {',
        'transform: ask\n    options: { model: m, key: «{ secret: NOPE }» } #',
      ],
    ],
    expect: [error('SECRET_UNSET', 'NOPE')],
  },
  { name: 'a pattern that isn’t one', change: [['(?i)password', '«a»(b']], expect: [error('PATTERN')] },
  { name: 'a pattern with a look-ahead', change: [['(?i)password', '«(»?=x)y']], expect: [error('PATTERN')] },
  {
    name: 'an output that the plugin doesn’t have',
    change: [['    options: { value: risk }', '    output: «passthrough»\n    options: { value: risk }']],
    expect: [error('BAD_VALUE', 'can’t give `output: passthrough`', 'transform')],
  },
]
