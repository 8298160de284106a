import { onOff, realNumber, text, wholeNumber } from '../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../base/settings.ts';

/** Settings of the demo. Training and serving have their own; what is not here has their default. */
export const DEMO_SETTINGS = defineSettings({
  once: {
    schema: onOff(),
    default: false,
    flag: '--once',
    help: 'score a bounded stream, print how well the anomalies were found, and end',
  },
  events: {
    schema: wholeNumber({ min: 1 }),
    default: 2000,
    flag: '--events <count>',
    help: 'payments of the bounded stream, with --once',
  },
  rows: {
    schema: wholeNumber({ min: 500 }),
    default: 20_000,
    flag: '--rows <count>',
    help: 'normal payments to train on',
  },
  rate: {
    schema: realNumber({ min: 0.1, max: 5000 }),
    default: 30,
    flag: '--rate <count>',
    unit: 'payments/s',
    help: 'how fast payments are sent until Ctrl-C',
  },
  seed: { schema: wholeNumber({ min: 0 }), default: 1, flag: '--seed <number>', help: 'seed of data and training' },
  out: {
    schema: text(),
    default: 'models/demo',
    flag: '--out <folder>',
    help: 'folder for the data and the model; the demo before it is replaced',
  },
  grpcPort: {
    schema: wholeNumber({ min: 0, max: 65_535 }),
    default: 50_051,
    flag: '--grpc-port <port>',
    env: 'ARISTARCH_GRPC_PORT',
    help: 'port of the scoring service; 0 takes any free one',
  },
  httpPort: {
    schema: wholeNumber({ min: 0, max: 65_535 }),
    default: 8080,
    flag: '--http-port <port>',
    env: 'ARISTARCH_HTTP_PORT',
    help: 'port of the live page; 0 takes any free one',
  },
});
export type DemoConfig = SettingValues<typeof DEMO_SETTINGS>;
