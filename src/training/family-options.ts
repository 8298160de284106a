import { showDefault, type Setting, type Settings } from '../base/settings.ts';

/** What is asked of a family here, be it one of rows or of images. */
interface FlaggedFamily {
  readonly name: string;
  readonly settings: Settings;
}

/** The flags of all families: a setting that several have is one flag, and its help says where their defaults differ. */
export function familyOptions(families: readonly FlaggedFamily[]): Settings {
  const keys = new Set(families.flatMap(({ settings }) => Object.keys(settings)));
  return Object.fromEntries([...keys].map((key) => [key, mergeSetting(key, families)]));
}

function mergeSetting(key: string, families: readonly FlaggedFamily[]): Setting {
  const having = families.filter(({ settings }) => Object.hasOwn(settings, key));
  const names = having.map(({ name }) => name).join(', ');
  const group = having.length > 1 ? `Families ${names}` : `Family ${names}`;
  const familiesOf = new Map<string, string[]>();
  for (const { name, settings } of having) {
    const said = describeDefault(settings[key]!);
    familiesOf.set(said, [...(familiesOf.get(said) ?? []), name]);
  }
  const setting = having[0]!.settings[key]!;
  if (familiesOf.size === 1) return { ...setting, group };
  const defaults = [...familiesOf].map(([said, of]) => `${of.join(', ')}: ${said}`).join('; ');
  const { flag, schema } = setting;
  return { flag, schema, group, help: `${setting.help} (default of ${defaults})` };
}

function describeDefault(setting: Setting): string {
  const source = setting.source === undefined ? '' : `, source: ${setting.source}`;
  if (setting.default === undefined) return `none${source}`;
  return `${showDefault(setting)}${setting.unit === undefined ? '' : ` ${setting.unit}`}${source}`;
}
