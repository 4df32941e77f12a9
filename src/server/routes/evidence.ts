/** Routes about two runs, and about how the record stands. */
import { AccessChecked, AccessPage, AccessQuery } from '../../api/access.ts'
import { Failure } from '../../api/common.ts'
import { DiffQuery, RunDiff } from '../../api/diff.ts'
import { Docs, DocsQuery } from '../../api/docs.ts'
import { Evidence, Verified, VerifyProgress, VerifyQuery } from '../../api/evidence.ts'
import { checkAccess, readAccess } from '../access/read-access.ts'
import type { AnswersFor } from '../answers-for.ts'
import { failedBy } from '../failures.ts'
import { events } from '../live/events.ts'
import { json, NO_PARAMETERS, question, type Route, sound } from '../route.ts'

export function evidenceRoutes(answersFor: AnswersFor, access_path: string): readonly Route[] {
  const plain = { params: NO_PARAMETERS, query: NO_PARAMETERS } as const
  return [
    question(
      {
        ...plain,
        tag: 'Evidence',
        path: '/diff',
        summary: 'two runs by the decision at which rows parted, as `diff --json`',
        values: 'left out',
        query: DiffQuery.strict(),
        answers: sound(RunDiff),
      },
      async ({ query, who, signal }) => ({ json: await answersFor(who).ask('diff', query, { signal }) }),
    ),
    question(
      {
        ...plain,
        tag: 'Evidence',
        path: '/evidence',
        summary:
          'heads, keys, seals, witnesses, timestamps, erasures, and how the ledger stands to what was seen before',
        values: 'none',
        answers: json(Evidence),
      },
      async ({ who, signal }) => ({ json: await answersFor(who).ask('evidence', {}, { signal }) }),
    ),
    ...verifying(answersFor),
    question(
      {
        ...plain,
        tag: 'Documentation',
        path: '/docs',
        summary: 'what outcomes and codes of errors mean',
        values: 'none',
        query: DocsQuery.strict(),
        answers: json(Docs),
      },
      async ({ query, who, signal }) => ({ json: await answersFor(who).ask('docs', query, { signal }) }),
    ),
    question(
      {
        ...plain,
        tag: 'Readers',
        path: '/access',
        summary: 'who looked at which row’s values, the newest first',
        role: 'operator',
        values: 'none',
        query: AccessQuery.strict(),
        answers: json(AccessPage),
      },
      async ({ query }) => ({ json: await readAccess(access_path, query) }),
    ),
    question(
      {
        ...plain,
        tag: 'Readers',
        path: '/access/check',
        summary: 'whether that log is as it was written',
        role: 'operator',
        values: 'none',
        answers: json(AccessChecked),
      },
      async () => ({ json: await checkAccess(access_path) }),
    ),
  ]
}

function verifying(answersFor: AnswersFor): readonly Route[] {
  const common = { tag: 'Evidence', params: NO_PARAMETERS, query: VerifyQuery.strict(), values: 'none' } as const
  return [
    question(
      {
        ...common,
        path: '/verify',
        summary: 'everything recomputed from the stored bytes, as `verify --json`',
        answers: json(Verified),
      },
      async ({ query, who, signal }) => ({ json: await answersFor(who).ask('verify', query, { signal }) }),
    ),
    question(
      {
        ...common,
        path: '/verify/live',
        summary: 'the same with its progress; the last event is `verified` or `failed`',
        answers: { kind: 'events', events: { progress: VerifyProgress, verified: Verified, failed: Failure } },
      },
      async ({ query, who, signal, context }) => {
        const answers = answersFor(who)
        answers.refuseOneVerificationTooMany()
        const response = events(context, signal, async (send, ended) => {
          try {
            const onProgress = (progress: unknown) => send('progress', progress)
            send('verified', await answers.ask('verify', query, { signal: ended, onProgress }))
          } catch (error) {
            if (!ended.aborted) send('failed', failedBy(error).body)
          }
        })
        return { response }
      },
    ),
  ]
}
