// Every `retry` is spelt out: under NODE_ENV=test the client has other defaults.
export const ONE_RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 };
export const SOME_RETRIES = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 4 };
/** For what follows a transaction at once: the broker may still be writing its end, which takes milliseconds. */
export const QUICK_RETRIES = { initialRetryTime: 10, factor: 0.2, multiplier: 2, maxRetryTime: 2_000, retries: 9 };
