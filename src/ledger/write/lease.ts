/** Leases: how long a process holds a run without renewing. */

/** From the last renewal; then anybody may take the run over. */
export const LEASE_US = 10_000_000
