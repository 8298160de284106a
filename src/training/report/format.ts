/** What stands where a number is missing or not finite; a report never prints NaN. */
export const ABSENT = '–';

/** A number for people: four significant digits, thousands separated, tiny and huge ones in powers of ten. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return ABSENT;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2).replace(/\.?0*e\+?/, 'e');
  return value.toLocaleString('en-GB', { maximumSignificantDigits: Number.isInteger(value) ? 12 : 4 });
}

export function formatCount(count: number): string {
  return Number.isFinite(count) ? Math.round(count).toLocaleString('en-GB') : ABSENT;
}

/** A share in [0, 1] as a percentage; what is not quite nothing is not shown as 0 %. */
export function formatShare(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return ABSENT;
  const percent = share * 100;
  if (percent > 0 && percent < 0.01) return '< 0.01 %';
  return `${percent.toLocaleString('en-GB', { maximumSignificantDigits: percent >= 10 ? 3 : 2 })} %`;
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return ABSENT;
  if (seconds < 60) return `${formatNumber(Math.round(seconds * 10) / 10)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** power)} ${units[power] ?? ''}`;
}

/** A count and its noun: "1 row", "2,000 rows". */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Any value of a record or option, on one line. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return ABSENT;
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? ABSENT : value.toISOString();
  if (Array.isArray(value)) return value.length === 0 ? ABSENT : value.map(formatValue).join(', ');
  return JSON.stringify(value);
}
