/** The most memory that this process has had resident so far, in bytes: what a limit of its container is held against. */
export const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
