// Every `retry` is spelt out: under NODE_ENV=test the client has other defaults.
export const ONE_RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 1 };
export const SOME_RETRIES = { initialRetryTime: 200, maxRetryTime: 2_000, retries: 4 };
