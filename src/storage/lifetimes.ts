/**
 * How long a revoked grant is remembered, in milliseconds. Its records are gone at once; the memory only has to
 * outlive a request that was already under way, and the slowest of those is a laptop that slept.
 */
export const revocationMemory = 30 * 24 * 60 * 60 * 1000
