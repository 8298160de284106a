/** Something that several use: it is released once, by the last of them. */
export interface SharedRelease {
  /** One user more; the returned function is called once, when it has no more use for it. */
  use(): () => void;
}

export function shareRelease(release: () => void): SharedRelease {
  let users = 0;
  return {
    use: () => {
      users++;
      return () => {
        if (--users === 0) release();
      };
    },
  };
}
