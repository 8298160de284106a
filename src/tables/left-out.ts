/** What of a CSV file is no row and no name. */
export interface LeftOut {
  /** As the user knows the file. */
  readonly file: string;
  /** The lines above the names of the columns, or above the first row, in order. */
  readonly above: readonly string[];
  /** The names that columns have then. */
  readonly names: readonly string[];
  /** Whether a line of the file gives them. */
  readonly hasNames: boolean;
}

/** Lines that are quoted, and characters of each. */
const MOST_LINES = 3;
const MOST_CHARACTERS = 60;

/**
 * A sentence for each way in which lines were taken for titles or remarks: a row, or the columns' names, may be among them, and nobody would
 * miss it. Files with the same lines share a sentence.
 */
export function describeLeftOut(found: readonly LeftOut[]): string[] {
  const filesOf = new Map<string, string[]>();
  for (const each of found) {
    const said = describe(each);
    if (said !== undefined) filesOf.set(said, [...(filesOf.get(said) ?? []), each.file]);
  }
  return [...filesOf].map(([said, [file, ...others]]) => {
    const more = others.length === 0 ? '' : ` (and ${others.length} more with the same lines)`;
    return `${file}${more}: ${said}`;
  });
}

/** Undefined where nothing is left out but empty lines, and the line by which Excel is told the delimiter. */
function describe({ above, names, hasNames }: LeftOut): string | undefined {
  const lines = above.flatMap((line, index) => (line.trim() === '' || isForExcel(line) ? [] : [quote(line, index)]));
  if (lines.length === 0) return undefined;
  const more = lines.length - MOST_LINES;
  const shown = lines.slice(0, MOST_LINES).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const columns = names.length > 5 ? `${names.slice(0, 5).join(', ')}, ...` : names.join(', ');
  const named = hasNames
    ? `line ${above.length + 1} names the columns (${columns})`
    : `no line names the columns, which are called ${columns}`;
  return `${shown} ${lines.length === 1 ? 'is left out as a title or a remark' : 'are left out as titles or remarks'}, and ${named}; if one of them is a row or the names, give it as many fields as the rows have`;
}

/** The line that tells Excel the delimiter. */
export function isForExcel(line: string): boolean {
  return /^\uFEFF?sep=.?$/i.test(line);
}

function quote(line: string, index: number): string {
  const text = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line;
  return `line ${index + 1} (${JSON.stringify(text)})`;
}
