import type { Security } from '../security/security.ts';
import type { Shown } from '../security/authenticator.ts';
import { roleOfMethod } from '../security/method-roles.ts';
import { networkOf } from '../security/network-of.ts';
import type { Principal } from '../security/principal.ts';
import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type StatusObject,
} from './engine.ts';

/** Who made a call that may last. */
export class Caller {
  readonly #ask: () => Promise<Principal>;
  #principal: Principal;

  constructor(principal: Principal, ask: () => Promise<Principal>) {
    this.#principal = principal;
    this.#ask = ask;
  }

  get name(): string {
    return this.#principal.name;
  }

  /** Undefined while what was shown holds; else asks once more, and rejects as at first. */
  askAgain(): Promise<void> | undefined {
    if (this.#principal.holds?.() !== false) return undefined;
    return this.#ask().then((principal) => void (this.#principal = principal));
  }
}

/** Who made a call, by its metadata, which is handed on to the handler. */
export type Callers = WeakMap<object, Caller>;

/** What is asked of a call before its message is read. */
export interface Access {
  readonly security: Pick<Security, 'authenticate' | 'rates'>;
  readonly callers: Callers;
}

interface Headers {
  readonly path: string;
  readonly metadata: object;
  readonly shown: Shown;
  getPeer(): string;
}

/**
 * Lets a call in once it has shown who makes it, and counts it as a request of that caller, whatever comes of it. Rejects with
 * `UNAUTHENTICATED`, `PERMISSION_DENIED` or `RESOURCE_EXHAUSTED`.
 */
export async function admit({ security, callers }: Access, call: Headers): Promise<void> {
  const { authenticate, rates } = security;
  if (authenticate !== undefined) {
    const role = roleOfMethod(call.path) ?? 'admin';
    const ask = (): Promise<Principal> => authenticate(call.shown, role);
    callers.set(call.metadata, new Caller(await ask(), ask));
  }
  rates?.countRequest(callerOf(call, callers));
}

/** Whether anything is asked of calls. */
export function isGuarded({ authenticate, rates }: Access['security']): boolean {
  return authenticate !== undefined || rates !== undefined;
}

/** A status with which a call ends before its handler saw it. */
type RefusalStatus = Pick<StatusObject, 'code' | 'details'> & Partial<StatusObject>;

/** Lets a call through once it is admitted; else ends it, before its message is read. Health is for anybody, and is not counted. */
export function createAccessInterceptor(
  access: Access,
  toStatus: (thrown: unknown) => RefusalStatus,
): ServerInterceptor {
  return ({ path }, call) => {
    if (roleOfMethod(path) === undefined) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, passOn) => {
      const authorization = metadata.get('authorization')[0]?.toString();
      // Nobody behind this line can log it.
      metadata.remove('authorization');
      const certificate = call.getAuthContext().sslPeerCertificate;
      const shown = { authorization, certificate };
      admit(access, { path, metadata, shown, getPeer: () => call.getPeer() }).then(
        () => passOn(metadata),
        (thrown: unknown) => call.sendStatus(toStatus(thrown)),
      );
    });
    const responder = new ResponderBuilder().withStart((next) => next(listener.build()));
    return new ServerInterceptingCall(call, responder.build());
  };
}

/** The name that a caller has proven; else the network it calls from, without the port, which is another for each connection. */
export function callerOf(call: { readonly metadata: object; getPeer(): string }, callers: Callers): string {
  return callers.get(call.metadata)?.name ?? networkOf(call.getPeer().replace(/:\d+$/, ''));
}
