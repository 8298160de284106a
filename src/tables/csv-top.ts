/** Delimiters that are detected. */
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** How a reader would take a file. */
export interface Reading {
  readonly delimiter: string;
  /** Lines above the first that is read. */
  readonly skipped: number;
  /** Each line is one field. */
  readonly isOneField: boolean;
}

/** The line by which all below it are to be measured. */
export interface Top {
  readonly delimiter: string;
  /** Its place. */
  readonly first: number;
  readonly fields: number;
}

/**
 * Of a file's first lines, the one that looks like the top of a table but would not be read as one; `reading` is undefined
 * where there is none. A line above what is read counts by the delimiter that was found, and by any that lines below hold.
 */
export function findTop(lines: readonly string[], reading: Reading | undefined): Top | undefined {
  // The name of a single column is in question as well.
  const end = reading === undefined ? lines.length : reading.skipped + Number(reading.isOneField);
  const below = lines.slice(end);
  // Between what is one field, nothing was found; and only a comma must be quoted everywhere.
  const own = reading?.isOneField === true ? ',' : reading?.delimiter;
  for (const [first, line] of lines.slice(0, end).entries()) {
    const counts = isRemark(line, lines.slice(first + 1)) ? [] : byFields(line);
    const top = counts.find(
      ({ delimiter }) =>
        reading === undefined || delimiter === own || below.some((each) => countFields(each, delimiter) > 1),
    );
    if (top !== undefined) return { ...top, first };
  }
  return reading?.isOneField === true ? findMost(below, end) : undefined;
}

/** More than half of the records have equally many fields: a table under a title, and no texts in which a delimiter stands. */
function findMost(lines: readonly string[], above: number): Top | undefined {
  const records = joinQuoted(lines).filter(({ text }) => text.trim() !== '');
  for (const delimiter of DELIMITERS) {
    const counts = records.map(({ text }) => countFields(text, delimiter));
    for (const fields of new Set(counts)) {
      const alike = counts.filter((count) => count === fields).length;
      if (fields > 1 && alike * 2 > records.length)
        return { delimiter, first: above + records[counts.indexOf(fields)]!.at, fields };
    }
  }
  return undefined;
}

/** Records, each with the place of its first line: a text in quotes may go on for lines; a quote that nothing closes joins none. */
function joinQuoted(lines: readonly string[]): { at: number; text: string }[] {
  const isOpen = lines.map((line) => line.split('"').length % 2 === 0);
  const records: { at: number; text: string }[] = [];
  for (let at = 0; at < lines.length;) {
    const last = isOpen[at] ? Math.max(at, isOpen.indexOf(true, at + 1)) : at;
    records.push({ at, text: lines.slice(at, last + 1).join('\n') });
    at = last + 1;
  }
  return records;
}

/** Names may begin with "#" too: they have as many fields as the line below, by one delimiter or another. */
function isRemark(line: string, below: readonly string[]): boolean {
  if (!line.startsWith('#')) return false;
  const next = below.find((each) => each.trim() !== '' && !each.startsWith('#')) ?? '';
  return byFields(line).every(({ delimiter, fields }) => countFields(next, delimiter) !== fields);
}

/** By which delimiters a line has several fields, most first. */
function byFields(line: string): { delimiter: string; fields: number }[] {
  return DELIMITERS.map((delimiter) => ({ delimiter, fields: countFields(line, delimiter) }))
    .filter(({ fields }) => fields > 1)
    .sort((a, b) => b.fields - a.fields);
}

/** Fields of one line; a delimiter within quotes is none. */
function countFields(line: string, delimiter: string): number {
  return line.replaceAll(/"[^"]*"/g, '').split(delimiter).length;
}
