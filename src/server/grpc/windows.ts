import type { Http2Server, ServerHttp2Session } from 'node:http2';

/** How much callers may send of a message before they hear that there is room for more. */
export interface Windows {
  /** Of all connections of a server. */
  watch(http2: Http2Server): void;
  /** A call was refused by its headers: what the next ones send with theirs would be for nothing. */
  narrow(): void;
  close(): void;
}

/**
 * Two batches of 1,024 rows of 64 values, so that one comes in while the other is scored; within the 64 KiB that are HTTP/2's own
 * default, each waits four times. Not more: what lies unread in a socket hides the headers behind it, and a call whose headers are not
 * read cannot be refused in time.
 */
const WIDE_BYTES = 2 ** 19;

/**
 * One frame, while calls are refused: to read a message that nobody wants costs a good part of answering it. A call that is let in hears at its
 * first frame that all of it may come, and waits for that once.
 */
export const NARROW_BYTES = 2 ** 14;

/** Without a refusal for one or two of these, windows are wide again. */
const CALM_MS = 500;

export function createWindows(): Windows {
  const sessions = new Set<ServerHttp2Session>();
  let [wantedBytes, refused] = [WIDE_BYTES, false];
  let timer: NodeJS.Timeout | undefined;
  /** One change at a time; the client's word on it brings the next one. */
  const settle = (session: ServerHttp2Session): void => {
    if (session.closed || session.destroyed || session.pendingSettingsAck) return;
    if (session.localSettings.initialWindowSize === wantedBytes) return;
    session.settings({ initialWindowSize: wantedBytes });
  };
  const want = (bytes: number): void => {
    wantedBytes = bytes;
    for (const session of sessions) settle(session);
  };
  const calmDown = (): void => {
    if (refused) {
      refused = false;
      return;
    }
    clearInterval(timer);
    timer = undefined;
    want(WIDE_BYTES);
  };
  return {
    watch: (http2) => {
      http2.updateSettings({ initialWindowSize: WIDE_BYTES });
      http2.on('session', (session: ServerHttp2Session) => {
        session.setLocalWindowSize(WIDE_BYTES);
        sessions.add(session);
        session.on('localSettings', () => settle(session));
        session.once('close', () => sessions.delete(session));
      });
    },
    narrow: () => {
      refused = true;
      if (timer !== undefined) return;
      timer = setInterval(calmDown, CALM_MS).unref();
      want(NARROW_BYTES);
    },
    close: () => clearInterval(timer),
  };
}
