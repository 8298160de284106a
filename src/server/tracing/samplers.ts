import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  type Attributes,
  type Context,
  type Link,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  type SpanKind,
  trace,
  TraceFlags,
  TraceIdRatioBasedSampler,
} from './engine.ts';
import type { SamplerName } from './port.ts';

type MakeSampler = (ratio: number) => Sampler;

const off: MakeSampler = () => new AlwaysOffSampler();
const on: MakeSampler = () => new AlwaysOnSampler();
const byRatio: MakeSampler = (ratio) => new TraceIdRatioBasedSampler(ratio);
const byParent =
  (root: MakeSampler): MakeSampler =>
  (ratio) =>
    new ByParentOrLinks(new ParentBasedSampler({ root: root(ratio) }));

/** The samplers of the OpenTelemetry specification (`OTEL_TRACES_SAMPLER`). */
export const MAKE_SAMPLERS: { readonly [N in SamplerName]: MakeSampler } = {
  always_on: on,
  always_off: off,
  traceidratio: byRatio,
  parentbased_always_on: byParent(on),
  parentbased_always_off: byParent(off),
  parentbased_traceidratio: byParent(byRatio),
};

/**
 * A batch has no parent, but links to those who sent its events: it is traced where one of them is, since a trace that ended at the
 * topic would be worth little, and not where none of them is.
 */
class ByParentOrLinks implements Sampler {
  readonly #byParent: Sampler;

  constructor(byParent: Sampler) {
    this.#byParent = byParent;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    if (links.length === 0 || trace.getSpanContext(context) !== undefined)
      return this.#byParent.shouldSample(context, traceId, name, kind, attributes, links);
    const isSampled = links.some(({ context: { traceFlags } }) => (traceFlags & TraceFlags.SAMPLED) !== 0);
    return { decision: isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
  }

  toString(): string {
    return `ByLinks{${this.#byParent.toString()}}`;
  }
}
