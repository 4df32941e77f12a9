/** Runs that crash, and go on in other processes. */
import { testSeedsOf } from './seeds.ts'

testSeedsOf(({ crashes }) => crashes === true)
