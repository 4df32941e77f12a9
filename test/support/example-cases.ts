/** What the examples' pipelines come to. */

export interface Expected {
  readonly example: string
  /** pipeline.yaml if absent. */
  readonly file?: string
  readonly status: string
  /** Read, of these rejected, tokens. */
  readonly counts: readonly [read: number, rejected: number, tokens: number]
  readonly outcomes: { readonly [outcome: string]: number }
  readonly causes?: { readonly [cause: string]: number }
  readonly sinks: { readonly [sink: string]: number }
  /** By file in out/: lines that must be in it, whole. */
  readonly lines: { readonly [file: string]: readonly string[] }
}

export const EXAMPLE_CASES: readonly Expected[] = [
  {
    example: 'loan-triage',
    status: 'completed_with_failures',
    counts: [2400, 2, 2400],
    outcomes: { ROUTED: 2398, QUARANTINED: 2 },
    causes: { gate: 2300, error: 98, source_invalid: 2 },
    sinks: { approved: 671, micro: 552, mortgage_desk: 178, review: 655, high_risk: 244, problems: 98, quarantine: 2 },
    lines: {
      'high_risk.csv': [
        'application_id,submitted_on,applicant_name,loan_type,loan_amount,term_months,income,credit_score',
        '17,2026-01-05,Quinn Reyes,auto,62000,60,41000,655',
      ],
      'quarantine.jsonl': [
        '{"source":"applications","file":"data/applications.csv","line":703,"raw":"702,2026-01-22,Marc Oduya,personal,1800,48,21000,\\"says \\"\\"rate was promised by phone\\"\\"\\"","_error":{"code":"CSV_RAGGED","node":"applications","message":"the record has 8 cells, but there are 9 columns"}}',
        '{"source":"applications","file":"data/applications.csv","line":1834,"raw":"1833,2026-02-19,Tara Costa,personal,about 9000,48,31200,737,","_error":{"code":"SCHEMA_TYPE","node":"applications","field":"amount","message":"amount is \\"about 9000\\"; it must be a number"}}',
      ],
      'problems.jsonl': [
        '{"id":16,"submitted_on":"2026-01-05","applicant":"Rene Jansen","loan_type":"auto","amount":44200,"term_months":48,"income":24000,"credit_score":696,"note":"login anna / PASSWORD anna1","_error":{"code":"KEYWORD_FOUND","node":"screen","field":"note","message":"note matches (?i)password"}}',
      ],
    },
  },
  {
    example: 'loan-decision',
    status: 'completed_with_failures',
    counts: [8, 0, 8],
    outcomes: { ROUTED: 8 },
    causes: { gate: 7, error: 1 },
    sinks: { granted: 4, rejected: 3, people: 1, unreadable: 0 },
    lines: { 'rejected.csv': ['L-104,Dana Whitfield,3100,820,30000,5,701,43'] },
  },
  {
    example: 'error-routing',
    status: 'completed_with_failures',
    counts: [14, 2, 14],
    outcomes: { ROUTED: 9, QUARANTINED: 4, FAILED: 1 },
    causes: { gate: 7, error: 4, source_invalid: 2, sink_rejected: 1 },
    sinks: { quick: 5, handler: 2, problems: 3, unreadable: 2 },
    lines: {
      'handler.csv': ['C-1002,Omar Diaz,2026-03-02,1250', 'C-1010,Nora Abel,2026-03-04,12400.75'],
      'problems.jsonl': [
        '{"claim":"C-1008","claimant":"Pia Tran","filed_on":"2026-03-03","amount":7800,"attachment":"photos.zip","_error":{"code":"COLUMN_UNKNOWN","node":"handler","field":"attachment","message":"the field \\"attachment\\" has no column; the columns are claim, claimant, filed_on, amount; the sink’s `columns` can name more"}}',
      ],
    },
  },
  {
    example: 'order-lines',
    status: 'completed_with_failures',
    counts: [8, 1, 21],
    outcomes: { ROUTED: 13, EXPANDED: 6, DISCARDED: 1, QUARANTINED: 1 },
    sinks: { direct: 3, quotes: 5, tender: 4, problems: 2 },
    lines: {
      'public_tender.csv': ['order,line_number,buyer,item,total', 'PO-308,2,Town hall,audit of accounts,25000'],
      'direct_purchase.csv': ['PO-301,3,Parks,"gravel, tonne",324'],
    },
  },
  {
    example: 'meter-readings',
    status: 'completed_with_failures',
    counts: [8, 0, 29],
    outcomes: { COMPLETED: 4, ROUTED: 2, EXPANDED: 6, CONSUMED_IN_BATCH: 17 },
    sinks: { totals: 4, problems: 2 },
    lines: {
      'totals.csv': ['station,jan,feb,mar', 'old mill,215,118,233', 'cafe corner,42,44,45'],
      'problems.jsonl': [
        '{"meter":"8","station":"hill top","jan":-61,"feb":64,"mar":66,"_error":{"code":"INVALID","node":"check","field":"meter","message":"/meter must match pattern \\"^W-\\\\d\\\\d$\\"; /jan must be >= 0"}}',
      ],
    },
  },
  {
    example: 'nightly-folder',
    status: 'completed_with_failures',
    counts: [8, 1, 8],
    outcomes: { ROUTED: 6, DISCARDED: 1, QUARANTINED: 1 },
    sinks: { all: 6, problems: 1 },
    lines: {
      'takings.csv': ['id,till,amount,file,branch', '31,E2,310,data/night/east.zip/east-2.csv,east'],
      'problems.jsonl': [
        '{"source":"takings","file":"data/night/south.csv","line":4,"raw":"twelve;21;S1","_error":{"code":"SCHEMA_TYPE","node":"takings","field":"amount","message":"amount is \\"twelve\\"; it must be a number"}}',
      ],
    },
  },
  {
    example: 'price-lookup',
    status: 'completed_with_failures',
    counts: [12, 1, 12],
    outcomes: { ROUTED: 11, QUARANTINED: 1 },
    sinks: { accepted: 6, disputed: 2, unknown_part: 3, problems: 1 },
    lines: {
      'disputed.csv': ['C-2002,Harbour Motors,12-400,1,455,windscreen,420,0.08,386.4'],
      'accepted.csv': ['C-2004,Northgate,30-020,1,540,door panel,540,,540'],
    },
  },
  {
    example: 'paged-orders',
    status: 'completed',
    counts: [230, 0, 230],
    outcomes: { ROUTED: 230 },
    sinks: { large: 129, paid: 82, unpaid: 19, problems: 0 },
    lines: { 'paid.csv': ['120,Aster,2026-03-08,234.97,true'] },
  },
  {
    example: 'team-ledger',
    status: 'completed_with_failures',
    counts: [8, 1, 8],
    outcomes: { ROUTED: 7, QUARANTINED: 1 },
    sinks: { granted: 5, refused: 2, by_hand: 1 },
    lines: { 'granted.csv': ['H-302,Jonas Feld,1,1450,610,42.1,1450'] },
  },
  {
    example: 'three-workers',
    status: 'completed_with_failures',
    counts: [60, 1, 60],
    outcomes: { ROUTED: 59, QUARANTINED: 1 },
    sinks: { large: 20, small: 38, by_hand: 2 },
    lines: { 'small.csv': ['1001,North,flood,5089,0.75,3817'] },
  },
  {
    example: 'sales-by-region',
    status: 'completed_with_failures',
    counts: [9, 0, 9],
    outcomes: { COMPLETED: 7, FAILED: 2 },
    causes: { flow: 7, sink_rejected: 2 },
    sinks: { files: 7, problems: 2 },
    lines: {
      'North/2026-02.csv': ['3,2026-02-02,north,64.25,2026-02', '8,2026-02-20,NORTH,71,2026-02'],
      'Île-de-France/2026-02.csv': ['id,day,region,amount,month', '4,2026-02-11,Île-de-France,210,2026-02'],
    },
  },
  {
    example: 'wholesale-orders',
    status: 'completed_with_failures',
    counts: [10, 1, 22],
    outcomes: { FORKED: 6, COMPLETED: 12, ROUTED: 3, QUARANTINED: 1 },
    causes: { flow: 12, gate: 2, error: 1, source_invalid: 1, fork: 6 },
    sinks: { table: 6, file: 6, over_limit: 2, unknown_customer: 1, problems: 1 },
    lines: {
      'unknown_customer.jsonl': [
        '{"order_no":4714,"ordered_on":"2026-09-02","customer_no":1009,"item":"Cartons 60x40","quantity":2000,"amount":"1180.00","_error":{"code":"SQL_NO_ROW","node":"customer","message":"the query gives no row for 1009"}}',
      ],
    },
  },
  {
    example: 'seed-grants',
    status: 'completed_with_failures',
    counts: [7, 0, 7],
    outcomes: { ROUTED: 7 },
    causes: { gate: 5, error: 2 },
    sinks: { granted: 3, committee: 1, by_hand: 3 },
    lines: {
      'granted.csv': [
        'name,applicant,amount,sha256',
        '2026-014.pdf,Ada Okafor,1200,2832e79d5354624e1c7ee9817adebbace4757f54d2d4d641430eadff63974e32',
      ],
      'committee.csv': [
        '2026-015.docx,Jonas Feld,7800,d1ae6b76d20ddb5e9972efc6c5c35273db7c563a05729864a21808a74309601d',
      ],
    },
  },
  {
    example: 'two-sources',
    status: 'completed_with_failures',
    counts: [13, 2, 13],
    outcomes: { ROUTED: 11, QUARANTINED: 2 },
    sinks: { today: 6, this_week: 4, problems: 3 },
    lines: {
      'today.csv': [
        'call 504,Head office,Smell of gas near the kitchen; door left open,true',
        'form w-91,Depot West,First-aid box is empty,true',
      ],
    },
  },
  {
    example: 'birdstrikes',
    status: 'completed_with_failures',
    counts: [834, 1, 834],
    outcomes: { ROUTED: 833, QUARANTINED: 1 },
    sinks: { investigate: 31, ask_back: 6, assess: 51, laboratory: 25, statistics: 720, unclear: 1, problems: 0 },
    lines: {
      'ask_back.csv': [
        'Airport Name,Aircraft Make Model,Effect Amount of damage,Flight Date,Aircraft Airline Operator,Origin State,Phase of flight,Wildlife Size,Wildlife Species,Time of day,Cost Other,Cost Repair,Cost Total $,Speed IAS in knots',
        'ATLANTIC CITY INTL,F-16,None,1990-09-18,MILITARY,New Jersey,Landing Roll,Medium,Unknown bird or bat,Night,0,5218,5218,0',
      ],
    },
  },
  {
    example: 'fork-and-coalesce',
    status: 'completed_with_failures',
    counts: [8, 0, 31],
    outcomes: { FORKED: 8, COALESCED: 14, ROUTED: 8, FAILED: 1 },
    causes: { fork: 8, merge: 14, gate: 7, error: 1, branch_lost: 1 },
    sinks: { published: 3, queue: 2, hidden: 2, problems: 2 },
    lines: { 'queue.csv': ['6,bot77,FREE FREE FREE http://free.example,1,true,false'] },
  },
  {
    example: 'fork-and-coalesce',
    file: 'nested.yaml',
    status: 'completed_with_failures',
    counts: [8, 0, 32],
    outcomes: { FORKED: 8, COALESCED: 15, COMPLETED: 8, ROUTED: 1 },
    sinks: { findings: 8, problems: 1 },
    lines: {
      'nested.jsonl': [
        '{"links":{"id":5,"links":1},"length":{"id":5,"characters":37}}',
        '{"length":{"id":7,"characters":0}}',
      ],
    },
  },
  {
    example: 'fork-and-coalesce',
    file: 'select.yaml',
    status: 'completed_with_failures',
    counts: [8, 0, 29],
    outcomes: { FORKED: 8, COALESCED: 10, COMPLETED: 5, ROUTED: 3, FAILED: 3 },
    sinks: { published: 5, problems: 6 },
    lines: { 'select.csv': ['4,lena,You are an ***** and so is the author'] },
  },
  {
    example: 'nested-forks',
    status: 'completed_with_failures',
    counts: [6, 0, 39],
    outcomes: { FORKED: 12, COALESCED: 18, ROUTED: 6, FAILED: 3 },
    causes: { fork: 12, merge: 18, gate: 4, error: 2, branch_lost: 3 },
    sinks: { pay: 3, refuse: 1, problems: 5 },
    lines: {
      'pay.csv': ['K-2,16800,12400,12400,19500,11900', 'K-3,9100,19000,9100,7750,7750'],
      'refuse.csv': ['K-5,700,15600,700,29000,-300'],
    },
  },
  {
    example: 'quorum',
    status: 'completed_with_failures',
    counts: [6, 0, 28],
    outcomes: { FORKED: 6, COALESCED: 9, COMPLETED: 4, DISCARDED: 6, FAILED: 2, ROUTED: 1 },
    causes: { fork: 6, merge: 9, flow: 4, filter: 6, quorum_not_met: 2, error: 1 },
    sinks: { invitations: 4, problems: 3 },
    lines: { 'invitations.csv': ['B-2,Brook & Partners,171500,3,5000000,2', 'B-5,Eastgate,199000,8,,4'] },
  },
  {
    example: 'daily-stats',
    status: 'completed',
    counts: [252, 0, 263],
    outcomes: { CONSUMED_IN_BATCH: 252, ROUTED: 11 },
    sinks: { kept: 10, broken: 1, problems: 0 },
    lines: {
      'broken.csv': ['day,count,sum,mean,min,max,stddev,p50,p95', '2026-02-15,24,1951,81.3,41,159,32.2,79.5,122.6'],
      'kept.csv': ['2026-02-19,12,291,24.3,13,38,7.8,23.5,36.9'],
    },
  },
  {
    example: 'grant-ranking',
    status: 'completed_with_failures',
    counts: [8, 1, 8],
    outcomes: { COMPLETED: 7, QUARANTINED: 1 },
    sinks: { list: 7, problems: 1 },
    lines: { 'list.csv': ['G-06,Night football,9,9,2026-03-03,6100,27', 'G-02,Repair café,9,9,2026-03-09,2500,27'] },
  },
  {
    example: 'dedupe-report',
    status: 'completed_with_failures',
    counts: [16, 1, 47],
    outcomes: { FORKED: 11, CONSUMED_IN_BATCH: 19, COMPLETED: 12, DISCARDED: 4, QUARANTINED: 1 },
    sinks: { reports_list: 11, page_file: 1, problems: 1 },
    lines: { 'page.md': ['| p-11 | 4 |', '| p-13 | 4 |', '| p-12 | 1 |', '3 posts'] },
  },
  {
    example: 'review-triage',
    status: 'completed_with_failures',
    counts: [8, 0, 40],
    outcomes: { FORKED: 8, COALESCED: 23, ROUTED: 9 },
    causes: { fork: 8, merge: 23, gate: 8, error: 1 },
    sinks: { praise: 2, complaint: 2, remove: 2, people: 2, failed: 1 },
    lines: {
      'remove.jsonl': [
        '{"id":6,"stars":1,"text":"The porter is a thief, his name is Karl Henn and he lives at 12 Mill Lane.","first":"remove","first_confidence":0.96,"third":"remove","third_confidence":0.96,"votes":["remove","no answer","remove"]}',
      ],
    },
  },
  {
    example: 'claims-export',
    status: 'completed_with_failures',
    counts: [9, 2, 9],
    outcomes: { ROUTED: 7, QUARANTINED: 2 },
    sinks: { expert: 2, clerk: 2, fast: 3, problems: 2 },
    lines: {
      'expert.csv': [
        `S-1043;Jörg Weiß;kfz ;2026-03-01;2026-03-02;18400.00;300.00;"'=HYPERLINK(""http://x.example"")";KFZ;18100.00;1;2026-03`,
      ],
      'clerk-2026-02.csv': [
        'S-1045;Tom Berger;Leitungswasser;2026-01-15;2026-02-05;760.00;;zu spät gemeldet?;LEITUNGSWASSER;760.00;21;2026-02',
      ],
      'fast.csv': ['Küche und Flur";HAUSRAT;2999.99;0;2026-02'],
    },
  },
  {
    example: 'nightly-join',
    status: 'completed_with_failures',
    counts: [16, 1, 48],
    outcomes: { COMPLETED: 12, QUARANTINED: 1, FORKED: 8, CONSUMED_IN_BATCH: 27 },
    sinks: { orders_csv: 8, unknown: 2, idle: 1, report: 1, problems: 1 },
    lines: { 'report.md': ['| Anders \\& Co | DK | 3 | 200.00 |'], 'orders.csv': ['1,C1,120.50,C1,Anders & Co,DK'] },
  },
  {
    example: 'ticket-votes',
    status: 'completed_with_failures',
    counts: [6, 0, 29],
    outcomes: { FORKED: 6, COALESCED: 15, ROUTED: 7, FAILED: 1 },
    sinks: { ok: 2, spam: 1, abuse: 1, people: 2, problems: 2 },
    lines: {
      'people.jsonl': [
        '{"id":6,"text":"Your courier is a crook and his address is known","a":"abuse","a_sure":0.9,"_error":{"code":"QUORUM_NOT_MET","node":"votes","message":"too few branches can still arrive","branch":"a"}}',
      ],
    },
  },
  {
    example: 'model-evaluation',
    status: 'completed_with_failures',
    counts: [8, 0, 51],
    outcomes: { FORKED: 16, COALESCED: 15, CONSUMED_IN_BATCH: 8, COMPLETED: 7, DISCARDED: 4, ROUTED: 1 },
    sinks: { rates_by_kind: 3, differences: 4, problems: 1 },
    lines: { 'rates.csv': ['sums,3,1,0.6666666666666666', 'spelling,2,0.5,0.5'] },
  },
  {
    example: 'extraction',
    status: 'completed_with_failures',
    counts: [6, 0, 6],
    outcomes: { COMPLETED: 3, ROUTED: 3 },
    causes: { flow: 3, gate: 2, error: 1 },
    sinks: { claims: 3, ask_back: 1, doubtful: 1, by_hand: 1 },
    lines: {
      'claims.csv': [
        'L-01,glass,2026-03-03,1840.5,',
        'L-02,theft,2026-02-11,620,HH-20931',
        'L-03,water,2026-03-09,4300,HH-18822',
      ],
    },
  },
  {
    example: 'what-if',
    status: 'completed',
    counts: [12, 0, 12],
    outcomes: { ROUTED: 12 },
    sinks: { billing: 5, technical: 5, people: 2, problems: 0 },
    lines: {
      'people.jsonl': ['{"ticket":4112,"text":"Please stop writing to me.","label":"unsure","confidence":0.43}'],
    },
  },
]
