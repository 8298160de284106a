import { startServeProcessIn } from '../../test/support/serve-process.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { modelFlags, startTraffic, type WatchedService } from '../../test/support/watched-service.ts';

export interface ThirdProcess {
  readonly pid: number;
  /** What Prometheus last read of a metric without labels. */
  read(metric: string): Promise<number>;
  end(): Promise<void>;
}

/** Another process with the same models, and without Kafka, that Prometheus scrapes for as long as it is there. */
export async function startThird(
  { models, prometheus }: WatchedService,
  env: Readonly<Record<string, string>>,
  ...flags: string[]
): Promise<ThirdProcess> {
  const process = await startServeProcessIn(env, ...modelFlags(models), ...flags);
  const { addresses, pid } = process;
  const find = (metric: string) => prometheus.query(`${metric}{instance="${addresses.http}"}`);
  const end = async (): Promise<void> => {
    // First, so that nobody misses it.
    await prometheus.scrapeAlso([]);
    await waitUntil('it to be scraped no longer', async () => (await find('up')).length === 0, 30_000);
    await process.kill();
  };
  try {
    await prometheus.scrapeAlso([addresses.http]);
    await waitUntil('it to be scraped', async () => (await find('aristarch_build_info')).length > 0, 30_000);
  } catch (thrown) {
    await process.kill();
    throw thrown;
  }
  return { pid, read: async (metric) => (await find(metric))[0]?.value ?? 0, end };
}

/** Has such a process lose something again and again, as `metric` counts it, until the remedy comes. */
export async function loseAgainAndAgain(
  starting: Promise<ThirdProcess>,
  metric: string,
  lose: (pid: number) => void,
): Promise<() => Promise<void>> {
  const third = await starting;
  const traffic = startTraffic(async () => {
    const before = await third.read(metric);
    lose(third.pid);
    await waitUntil('the loss to be scraped', async () => (await third.read(metric)) > before, 30_000);
  });
  return async () => {
    await traffic.stop();
    await third.end();
  };
}
