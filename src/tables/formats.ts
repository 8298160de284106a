import { AristarchError } from '../base/errors.ts';
import { quoteList } from './sql.ts';

export type Format = 'parquet' | 'csv' | 'json';

/** Rows that are looked at to find the types of a CSV or JSON file; a later value that does not fit is an error. */
const SNIFFED_ROWS = 200_000;

interface FormatRules {
  /** For people. */
  readonly title: string;
  /** Longest first. */
  readonly extensions: readonly string[];
  readonly contentTypes: readonly string[];
  readonly reader: string;
  /** Columns come from a file's content, never from its path, so that a record means the same wherever it comes from. */
  readonly options: readonly string[];
}

export const FORMATS: { readonly [F in Format]: FormatRules } = {
  parquet: {
    title: 'Parquet',
    extensions: ['.parquet', '.pq'],
    contentTypes: ['application/vnd.apache.parquet', 'application/x-parquet'],
    reader: 'read_parquet',
    options: ['hive_partitioning = false'],
  },
  csv: {
    title: 'CSV',
    extensions: ['.csv.gz', '.tsv.gz', '.csv', '.tsv'],
    contentTypes: ['text/csv', 'text/tab-separated-values'],
    reader: 'read_csv',
    // Delimiter and header are detected; quotes are those of RFC 4180, even where the first rows have none.
    options: ['hive_partitioning = false', `sample_size = ${SNIFFED_ROWS}`, `quote = '"'`, `escape = '"'`],
  },
  json: {
    title: 'JSON',
    extensions: ['.ndjson.gz', '.jsonl.gz', '.json.gz', '.ndjson', '.jsonl', '.json'],
    contentTypes: ['application/x-ndjson', 'application/jsonl', 'application/json'],
    reader: 'read_json',
    // Without the threshold of -1, records of two hundred like fields or more are read as one column, a map.
    options: ['hive_partitioning = false', `sample_size = ${SNIFFED_ROWS}`, 'map_inference_threshold = -1'],
  },
};

const NAMES = Object.keys(FORMATS) as Format[];

/** The format that a path's end names; undefined for an unknown one. */
export function formatOf(path: string): Format | undefined {
  const lower = path.toLowerCase();
  return NAMES.find((format) => FORMATS[format].extensions.some((extension) => lower.endsWith(extension)));
}

/** The format of an HTTP content type. */
export function formatOfContentType(contentType: string): Format | undefined {
  const plain = contentType.split(';')[0]!.trim().toLowerCase();
  return NAMES.find((format) => FORMATS[format].contentTypes.includes(plain));
}

export function checkFormat(path: string, shown = path): Format {
  const format = formatOf(path);
  if (format !== undefined) return format;
  const known = NAMES.flatMap((name) => FORMATS[name].extensions).join(' ');
  const message = `${shown} does not say by its ending what it is: rename it, or convert it to one of ${known}`;
  throw new AristarchError('INVALID_INPUT', message, { path: shown });
}

/** A table function over files of one format. Files whose columns differ are joined by column name, absent ones as null. */
export function scanFiles(format: Format, paths: readonly string[], extra: readonly string[] = []): string {
  const { reader, options } = FORMATS[format];
  return `${reader}(${[quoteList(paths), 'union_by_name = true', ...options, ...extra].join(', ')})`;
}
