/** Routes about rows of a run: which fit, the story of one, and what can be handed on of it. */
import { ExportQuery, RowsPage, RowsQuery } from '../../api/rows.ts'
import { ExplainedRow } from '../../api/story.ts'
import { refuseUnsound } from '../../host/answers/unsound.ts'
import type { AnswersFor } from '../answers-for.ts'
import { type Answer, type Asked, NO_PARAMETERS, question, type Route, sound } from '../route.ts'
import { streamed } from '../streamed.ts'
import { OfRow, OfRun, OfToken } from './parameters.ts'

const TYPES = { jsonl: 'application/jsonl', csv: 'text/csv; charset=utf-8' } as const

export function rowRoutes(answersFor: AnswersFor): readonly Route[] {
  return [
    question(
      {
        tag: 'Rows',
        path: '/runs/{run}/rows',
        summary: 'rows of a run that fit, in order of their numbers, a page at a time',
        values: 'left out',
        params: OfRun,
        query: RowsQuery.strict(),
        answers: sound(RowsPage),
      },
      async ({ params, query, who, signal }) => ({
        json: await answersFor(who).ask('rows', { ...query, ...params }, { signal }),
      }),
    ),
    question(
      {
        tag: 'Rows',
        path: '/runs/{run}/rows/export',
        summary: 'all rows that fit, as a file',
        values: 'refused',
        params: OfRun,
        query: ExportQuery.strict(),
        answers: { kind: 'file', types: Object.values(TYPES) },
      },
      async ({ params, query, who, signal, context }) => {
        const pieces = answersFor(who).exported({ ...query, ...params }, signal)
        const headers = savedAs(`custody-${params.run}-rows.${query.format}`, TYPES[query.format])
        return { response: await streamed(context, pieces, headers) }
      },
    ),
    question(
      {
        tag: 'Rows',
        path: '/runs/{run}/rows/{row}',
        summary: 'the story of a row, as `explain --json`',
        values: 'left out',
        params: OfRow,
        query: NO_PARAMETERS,
        answers: sound(ExplainedRow),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('row', params, { signal }) }),
    ),
    question(
      {
        tag: 'Rows',
        path: '/runs/{run}/tokens/{token}',
        summary: 'the story of the row or batch that a token belongs to, as `explain --token --json`',
        values: 'left out',
        params: OfToken,
        query: NO_PARAMETERS,
        answers: sound(ExplainedRow),
      },
      async ({ params, who, signal }) => ({ json: await answersFor(who).ask('row', params, { signal }) }),
    ),
    document(answersFor, 'proof', 'the proof of a row, as `prove` writes it', 'application/json'),
    document(
      answersFor,
      'letter',
      'a letter about a row with its proof inside, as `prove --html` writes it',
      'text/html',
    ),
  ]
}

function document(answersFor: AnswersFor, kind: 'proof' | 'letter', summary: string, type: string): Route {
  return question(
    {
      tag: 'Rows',
      path: `/runs/{run}/rows/{row}/${kind}`,
      summary,
      values: 'refused',
      params: OfRow,
      query: NO_PARAMETERS,
      answers: { kind: 'file', types: [type] },
    },
    asked => saved(answersFor, kind, asked),
  )
}

/** For saving: a letter that the server showed would be a page of its own origin. */
async function saved(
  answersFor: AnswersFor,
  kind: 'proof' | 'letter',
  { params, who, signal, context }: Asked<{ readonly run: string; readonly row: string }, unknown, unknown>,
): Promise<Answer> {
  const { text, file_name, media_type } = refuseUnsound(await answersFor(who).ask(kind, params, { signal }))
  return { response: context.body(text, 200, savedAs(file_name, `${media_type}; charset=utf-8`)) }
}

function savedAs(name: string, type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '-')}"`,
    'cache-control': 'no-store',
  }
}
