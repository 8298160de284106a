import { nameList, oneOf, text, wholeNumber } from '../base/setting-schemas.ts';
import { defineSettings, type SettingValues } from '../base/settings.ts';
import { textColumns } from '../models/features/match-columns.ts';
import { DEVICE_CHOICES } from '../runtime/executor.ts';
import { openTable, type Table } from '../tables/table.ts';
import type { Detector, OpenDetectorOptions } from './detector.ts';

/** What every command needs that puts a table through a model. */
export const TABLE_SETTINGS = defineSettings({
  model: {
    schema: text(),
    flag: '--model <folder>',
    env: 'ARISTARCH_MODEL',
    help: 'folder of the trained model',
  },
  data: {
    schema: nameList().refine((names) => names.length > 0, { error: 'at least one address is needed' }),
    flag: '--data <addresses>',
    list: true,
    help: 'Parquet, CSV or NDJSON: paths, globs, http(s) and s3 addresses, separated by commas',
  },
  where: {
    schema: text().optional(),
    flag: '--where <condition>',
    help: 'take only rows that fulfil this SQL condition, for example "day >= 5"',
  },
  device: {
    schema: oneOf(DEVICE_CHOICES),
    default: 'auto',
    flag: '--device <device>',
    env: 'ARISTARCH_DEVICE',
    help: 'auto, cpu, webgpu, cuda or tfjs',
  },
  threads: {
    schema: wholeNumber({ min: 1, max: 1024 }),
    default: 1,
    flag: '--threads <count>',
    env: 'ARISTARCH_THREADS',
    help: 'threads of one inference on the CPU; small models are fastest with one',
  },
  memory: {
    schema: text(),
    default: '1GB',
    flag: '--memory <size>',
    env: 'ARISTARCH_MEMORY',
    help: 'most memory for reading and sorting data; the rest goes to disk',
  },
});
export type TableValues = SettingValues<typeof TABLE_SETTINGS>;

export function toDetectorOptions(values: TableValues, warn: (message: string) => void): OpenDetectorOptions {
  return { device: values.device, threads: values.threads, warn };
}

/** Opens the rows with the columns typed as the model needs them. */
export function openModelTable(
  values: TableValues,
  { description }: Detector,
  exclude: readonly string[] = [],
): Promise<Table> {
  return openTable({
    data: values.data,
    exclude,
    text: textColumns(description.schema),
    memoryLimit: values.memory,
    ...(values.where === undefined ? {} : { where: values.where }),
  });
}
