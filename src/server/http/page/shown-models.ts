import type { ListedModel } from '../../models/port.ts';

/** The models of the process as the page shows them; bounded, whatever their number. */
export interface ShownModels {
  readonly models: readonly ShownListedModel[];
  /** Models that are not shown. */
  readonly more: number;
}

export interface ShownListedModel {
  readonly name: string;
  /** The version that serves; null before one does. */
  readonly serving: string | null;
  readonly state: 'default' | 'serving' | 'available' | 'unloaded' | 'refused';
  readonly versions: number;
  /** Versions that cannot be served, and why the newest of them is not; null where all can. */
  readonly refused: number;
  readonly reason: string | null;
}

const MOST_MODELS = 12;
const MOST_CHARACTERS = 200;

/** The default model first, then those that serve, then the others. */
export function toShownModels(listed: readonly ListedModel[]): ShownModels {
  const order = ['default', 'refused', 'serving', 'available', 'unloaded'];
  const models = listed.map(toShown).sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return { models: models.slice(0, MOST_MODELS), more: Math.max(0, models.length - MOST_MODELS) };
}

function toShown({ model, versions, serving, isDefault, unloaded }: ListedModel): ShownListedModel {
  const refused = versions.filter(({ state }) => state === 'refused');
  return {
    name: model,
    serving: serving ?? null,
    state: stateOf(),
    versions: versions.length,
    refused: refused.length,
    reason: refused.at(-1)?.reason.slice(0, MOST_CHARACTERS) ?? null,
  };

  function stateOf(): ShownListedModel['state'] {
    if (unloaded) return 'unloaded';
    if (serving !== undefined) return isDefault ? 'default' : 'serving';
    return refused.length > 0 && refused.length === versions.length ? 'refused' : 'available';
  }
}
