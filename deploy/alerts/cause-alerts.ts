import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../test/support/wait-until.ts';
import { callsOf, eventsOf, startTraffic, startWatchedService } from '../../test/support/watched-service.ts';
import { createCaller } from './caller.ts';
import { CAUSES, type Stage } from './causes.ts';
import { shortenRules } from './shorten.ts';

/** By so much the times in the rules are divided. */
export const FACTOR = 60;

/** Also the longest that a scrape may take. */
const SCRAPE_MS = 2000;

export interface CausedAlert {
  readonly alert: string;
  /** From the beginning of the cause to the alert that fires; undefined where it did not. */
  readonly firedAfterSeconds?: number;
  /** From the beginning of the remedy until no alert fires; undefined where that did not come. */
  readonly resolvedAfterSeconds?: number;
  /** Other alerts that fired from the beginning of the cause to the end. */
  readonly others: readonly string[];
}

export interface AlertCheck {
  /** How long the service was left alone under usual traffic, before the first cause, and what fired meanwhile. */
  readonly quietSeconds: number;
  readonly firedInQuiet: readonly string[];
  readonly alerts: readonly CausedAlert[];
}

export interface CheckOptions {
  /** Text of the rules as they are installed. */
  readonly rules: string;
  readonly alerts: readonly string[];
  readonly quietSeconds: number;
  readonly timeoutMs?: number;
  readonly say?: (line: string) => void;
  /** Told what is known after each alert. */
  readonly keep?: (check: AlertCheck) => Promise<void>;
}

/**
 * Watches a real service under usual traffic by a real Prometheus, whose rules are the installed ones but for their times; then
 * causes one alert after the other, waits until it fires, puts things in order, and waits until nothing fires any longer.
 */
export async function causeAlerts(options: CheckOptions): Promise<AlertCheck> {
  const { rules, alerts, quietSeconds, timeoutMs = 150_000, say = () => undefined, keep } = options;
  await using service = await startWatchedService({
    rules: shortenRules(rules, FACTOR),
    withSpare: true,
    scrapeMs: SCRAPE_MS,
  });
  using caller = createCaller(service.serve.addresses.grpc);
  const stage: Stage = { service, caller };
  const traffic = startTraffic(callsOf(caller), eventsOf(service));
  try {
    // An alert that fired before the first scrape is no alert.
    await waitUntil('the start to be over', async () => (await service.prometheus.firing()).length === 0);
    const fired = watchFiring(stage);
    await sleep(1000 * quietSeconds);
    const firedInQuiet = await fired.end();
    say(`${quietSeconds} s of usual traffic: ${firedInQuiet.join(', ') || 'nothing fired'}`);
    const caused: CausedAlert[] = [];
    for (const alert of alerts) {
      const result = await causeAlert(stage, alert, timeoutMs);
      caused.push(result);
      say(JSON.stringify(result));
      await keep?.({ quietSeconds, firedInQuiet, alerts: caused });
    }
    return { quietSeconds, firedInQuiet, alerts: caused };
  } finally {
    await traffic.stop();
  }
}

async function causeAlert(stage: Stage, alert: string, timeoutMs: number): Promise<CausedAlert> {
  const cause = CAUSES[alert];
  if (cause === undefined) throw new Error(`${alert} has no cause: add one to deploy/alerts/causes.ts`);
  const { prometheus } = stage.service;
  const fired = watchFiring(stage);
  const begin = performance.now();
  const remedy = await cause.begin(stage);
  const isFiring = async (): Promise<boolean> => (await prometheus.firing()).includes(alert);
  const firedAfterSeconds = await secondsUntil(isFiring, begin, timeoutMs);
  const end = performance.now();
  await remedy();
  const isQuiet = async (): Promise<boolean> => (await prometheus.firing()).length === 0;
  const resolvedAfterSeconds = await secondsUntil(isQuiet, end, timeoutMs);
  const others = (await fired.end()).filter((name) => name !== alert);
  return {
    ...{ alert, others },
    ...(firedAfterSeconds !== undefined && { firedAfterSeconds }),
    ...(resolvedAfterSeconds !== undefined && { resolvedAfterSeconds }),
  };
}

/** Undefined where it did not come. */
async function secondsUntil(
  isSo: () => Promise<boolean>,
  sinceMs: number,
  timeoutMs: number,
): Promise<number | undefined> {
  try {
    await waitUntil('an alert', isSo, timeoutMs);
  } catch {
    return undefined;
  }
  return (performance.now() - sinceMs) / 1000;
}

function watchFiring({ service: { prometheus } }: Stage): { end(): Promise<string[]> } {
  const seen = new Set<string>();
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      for (const name of await prometheus.firing()) seen.add(name);
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  // Where something else has failed meanwhile, Prometheus is gone, and nobody waits for this any longer.
  looking.catch(() => undefined);
  return {
    end: async () => {
      stopping.abort();
      await looking;
      return [...seen].toSorted();
    },
  };
}

/** What is not as it should be, for people; empty where all is. */
export function faultsOf({ firedInQuiet, alerts }: AlertCheck): string[] {
  const inQuiet = firedInQuiet.map((name) => `${name} fired under usual traffic`);
  const inCauses = alerts.flatMap(({ alert, firedAfterSeconds, resolvedAfterSeconds, others }) => {
    const strange = others.filter((name) => CAUSES[alert]?.also?.[name] === undefined);
    return [
      ...(firedAfterSeconds === undefined ? [`${alert} did not fire`] : []),
      ...(resolvedAfterSeconds === undefined ? [`something still fired after the end of ${alert}`] : []),
      ...strange.map((name) => `${name} fired beside ${alert}`),
    ];
  });
  return [...inQuiet, ...inCauses];
}
