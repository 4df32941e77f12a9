/** Runs that nothing interrupts; those that crash are in crashes.test.ts, so that two workers share the work. */
import { testSeedsOf } from './seeds.ts'

testSeedsOf(({ crashes }) => crashes !== true)
