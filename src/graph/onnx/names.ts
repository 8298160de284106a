import type { Tensor } from '../tensor.ts';
import type { Builder } from './builder.ts';

/** What a rule answers: the name of a value. */
export type Emitted = string | InForm;

/** A value that is there in another form, and becomes plain when that is first asked for. */
export interface InForm {
  readonly form: string;
  readonly name: string;
  readonly toPlain: (to: Builder) => string;
}

/** What the values of tensors are called in an ONNX graph. */
export interface Names {
  /** The ONNX name of a tensor that was emitted, here or in an outer graph. */
  nameOf(tensor: Tensor): string;
  setName(tensor: Tensor, name: Emitted): void;
  /** A tensor's value in another form, an engine's own order of its elements: made once, where the tensor was emitted. */
  formOf(tensor: Tensor, form: string, make: (to: Builder) => string): string;
  /** Whether it is there in that form already. */
  hasForm(tensor: Tensor, form: string): boolean;
}

/** Names of the graph that `here` builds, or of one around it. */
export function createNames(outer: Names | undefined, here: () => Builder): Names {
  const names = new Map<Tensor, Emitted>();
  const forms = new Map<Tensor, Map<string, string>>();
  return {
    nameOf: (tensor) => {
      const emitted = names.get(tensor) ?? outer?.nameOf(tensor);
      if (emitted === undefined) throw new Error(`${tensor.primitive} was used before it was emitted`);
      if (typeof emitted === 'string') return emitted;
      const name = emitted.toPlain(here());
      names.set(tensor, name);
      return name;
    },
    setName: (tensor, emitted) => {
      names.set(tensor, emitted);
      if (typeof emitted !== 'string') forms.set(tensor, new Map([[emitted.form, emitted.name]]));
    },
    formOf: (tensor, form, make) => {
      if (outer && !names.has(tensor)) return outer.formOf(tensor, form, make);
      const known = forms.get(tensor) ?? new Map<string, string>();
      forms.set(tensor, known);
      const name = known.get(form) ?? make(here());
      known.set(form, name);
      return name;
    },
    hasForm: (tensor, form) => forms.get(tensor)?.has(form) ?? outer?.hasForm(tensor, form) ?? false,
  };
}
