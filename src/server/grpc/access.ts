import type { Authenticate } from '../security/authenticator.ts';
import { roleOfMethod } from '../security/method-roles.ts';
import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  type StatusObject,
} from './engine.ts';

/** Who made a call, by its metadata, which is handed on to the handler. */
export type Callers = WeakMap<object, string>;

/** A status with which a call ends before its handler saw it. */
type RefusalStatus = Pick<StatusObject, 'code' | 'details'> & Partial<StatusObject>;

/** Lets a call through once it has shown who makes it; else ends it, before its message is read. */
export function createAccessInterceptor(
  authenticate: Authenticate,
  callers: Callers,
  toStatus: (thrown: unknown) => RefusalStatus,
): ServerInterceptor {
  return ({ path }, call) => {
    const role = roleOfMethod(path);
    if (role === undefined) return new ServerInterceptingCall(call);
    const listener = new ServerListenerBuilder().withOnReceiveMetadata((metadata, passOn) => {
      const authorization = metadata.get('authorization')[0]?.toString();
      // Nobody behind this line can log it.
      metadata.remove('authorization');
      const certificate = call.getAuthContext().sslPeerCertificate;
      authenticate({ authorization, certificate }, role).then(
        ({ name }) => {
          callers.set(metadata, name);
          passOn(metadata);
        },
        (thrown: unknown) => call.sendStatus(toStatus(thrown)),
      );
    });
    const responder = new ResponderBuilder().withStart((next) => next(listener.build()));
    return new ServerInterceptingCall(call, responder.build());
  };
}

/** The name that a caller has proven; else the address it calls from, without the port, which is another for each connection. */
export function callerOf(call: { readonly metadata: object; getPeer(): string }, callers: Callers): string {
  return callers.get(call.metadata) ?? call.getPeer().replace(/:\d+$/, '');
}
