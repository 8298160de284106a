import { AristarchError } from '../base/errors.ts';
import { quoteList, quoteText } from './sql.ts';

export type Format = 'parquet' | 'csv' | 'json' | 'image';

/** The column of a table of image files that has their paths. */
export const FILE_COLUMN = 'file';

/** Rows that are looked at to find the types of a CSV or JSON file; a later value that does not fit is an error. */
const SNIFFED_ROWS = 200_000;

interface FormatRules {
  /** For people. */
  readonly title: string;
  /** Longest first. */
  readonly extensions: readonly string[];
  readonly contentTypes: readonly string[];
  /** A table over files; `extra` are options of the reader. */
  readonly scan: (paths: string, extra: readonly string[]) => string;
}

/**
 * A table function with options. Columns come from a file's content, never from its path, so that a record means the same wherever it
 * comes from. Files whose columns differ are joined by column name, absent ones as null.
 */
const reader =
  (name: string, ...options: string[]): FormatRules['scan'] =>
  (paths, extra) =>
    `${name}(${[paths, 'union_by_name = true', ...options, ...extra].join(', ')})`;

/** RFC 4180 has quotes and no remarks; where some rows begin with "#", those would be detected as such and left out. */
const CSV_OPTIONS = [`sample_size = ${SNIFFED_ROWS}`, `quote = '"'`, `escape = '"'`, `comment = ''`] as const;

export const FORMATS: { readonly [F in Format]: FormatRules } = {
  parquet: {
    title: 'Parquet',
    extensions: ['.parquet', '.pq'],
    contentTypes: ['application/vnd.apache.parquet', 'application/x-parquet'],
    scan: reader('read_parquet', 'hive_partitioning = false'),
  },
  csv: {
    title: 'CSV',
    extensions: ['.csv.gz', '.tsv.gz', '.csv', '.tsv'],
    contentTypes: ['text/csv', 'text/tab-separated-values'],
    // Delimiter and header are detected; quotes are those of RFC 4180, even where the first rows have none.
    scan: reader('read_csv', 'hive_partitioning = false', ...CSV_OPTIONS),
  },
  json: {
    title: 'JSON',
    extensions: ['.ndjson.gz', '.jsonl.gz', '.json.gz', '.ndjson', '.jsonl', '.json'],
    contentTypes: ['application/x-ndjson', 'application/jsonl', 'application/json'],
    // Without the threshold of -1, records of two hundred like fields or more are read as one column, a map.
    scan: reader(
      'read_json',
      ...['hive_partitioning = false', `sample_size = ${SNIFFED_ROWS}`, 'map_inference_threshold = -1'],
    ),
  },
  image: {
    title: 'image',
    extensions: ['.png', '.jpg', '.jpeg', '.webp'],
    contentTypes: ['image/png', 'image/jpeg', 'image/webp'],
    // A row a file: its path, and its bytes in the column `image`.
    scan: (paths) => `(SELECT filename AS ${FILE_COLUMN}, content AS image FROM read_blob(${paths}))`,
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

/** A table over files of one format. */
export function scanFiles(format: Format, paths: readonly string[], extra: readonly string[] = []): string {
  return FORMATS[format].scan(quoteList(paths), extra);
}

/** For the reader of CSV: lines at the top that are not looked at. */
export function skipOption(lines: number): string[] {
  return lines === 0 ? [] : [`skip = ${lines}`];
}

/** What the reader of CSV takes one file for: `delimiter`, `skipped` lines, `names` and `types` of its columns, and whether it `has_names`. */
export function sniffCsv(path: string, skip: number): string {
  const columns = ['name', 'type'].map((part) => `to_json([c.${part} for c in Columns]) AS ${part}s`).join(', ');
  const options = [quoteText(path), ...CSV_OPTIONS, ...skipOption(skip)].join(', ');
  return `SELECT Delimiter AS delimiter, SkipRows AS skipped, HasHeader AS has_names, ${columns} FROM sniff_csv(${options})`;
}
