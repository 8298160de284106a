import type { Detector, DetectorDescription } from '../../scoring/detector.ts';
import type { Sampler } from '../../scoring/sampler.ts';
import type { DriftMonitor } from '../../scoring/drift/drift-monitor.ts';
import type { CandidateRule } from './serving-rules.ts';

/** Which model a request asks for; an empty text is the same as none. */
export interface ModelChoice {
  /** None for the default model. */
  readonly model?: string | undefined;
  /** None for the version that is being served. */
  readonly version?: string | undefined;
}

/** A model that has answered its self-test. */
export interface OpenModel {
  /** With the name and the version under which it is served. */
  readonly description: DetectorDescription;
  /** The version that its training gave it. */
  readonly artefactVersion: string;
  readonly detector: Detector;
  /** Its generator, opened when it is first asked for. Throws what `openSampler` throws, and then the next call tries again. */
  readonly openSampler: () => Promise<Sampler>;
  /** Told every scored row; undefined where nothing is known of the training rows. */
  readonly drift: DriftMonitor | undefined;
  /** Waits for the work under way. */
  close(): Promise<void>;
}

/** The right to use a model: it stays open until `release`, though another has taken its place. */
export interface Lease {
  readonly model: OpenModel;
  readonly release: () => void;
}

/** What is tried beside a model that serves. */
export interface Candidate {
  readonly rule: CandidateRule;
  readonly choice: { readonly model: string; readonly version: string | undefined };
  /** Undefined where it is not open. */
  peek(): Lease | undefined;
  /** Opens it where it is not open. Throws what `Models.acquire` does. */
  acquire(): Lease | Promise<Lease>;
}

/**
 * What becomes of a version: `available` is opened by the first request; `refused` cannot be served, and is left alone until
 * its files change.
 */
export type VersionState = 'available' | 'loaded' | 'refused';

export interface ListedVersion {
  readonly version: string;
  readonly state: VersionState;
  /** Why it was refused; empty otherwise. */
  readonly reason: string;
}

export interface ListedModel {
  readonly model: string;
  /** Oldest first. */
  readonly versions: readonly ListedVersion[];
  /** The version that answers requests which name none; undefined before the first of them. */
  readonly serving: string | undefined;
  /** The version that was chosen to; undefined for the newest that can be served. */
  readonly pinned?: string | undefined;
  /** Why its serving.json cannot be used, so that what it said before holds; undefined where it can. */
  readonly servingFault?: string | undefined;
  /** Whether it answers requests which name no model. */
  readonly isDefault: boolean;
  /** Taken out of service by `unload`. */
  readonly unloaded: boolean;
}

/** The models of a process. */
export interface Models {
  /** Name of the model of requests that name none; undefined where there is none. */
  readonly defaultName: string | undefined;
  /**
   * Opens the model where it is not open yet. Throws `NOT_FOUND` for a model or a version that there is not, `INVALID_INPUT`
   * where none is named and there is no default, `PRECONDITION_FAILED` where it was unloaded, and what opening it throws.
   */
  acquire(choice: ModelChoice): Lease | Promise<Lease>;
  /** What is tried beside a model, while that answers requests which name no version; undefined where nothing is. */
  candidateOf(model: OpenModel): Candidate | undefined;
  /** Whether it is what answers requests that name neither a model nor a version. */
  isDefault(model: OpenModel): boolean;
  /** What is open now. */
  open(): readonly OpenModel[];
  /** In the order of their names. */
  list(): readonly ListedModel[];
  /** Looks at the model's folder now, and opens what is there; the answer is what serves afterwards. Throws what `acquire` does. */
  load(choice: ModelChoice): Promise<OpenModel>;
  /** Requests for it are refused from now on, until it is loaded again; requests in flight are finished. Twice is as once. */
  unload(model: string): void | Promise<void>;
  close(): Promise<void>;
}

/** What calls may see and change of models. */
export type ChangeableModels = Pick<Models, 'list' | 'load' | 'unload'>;
