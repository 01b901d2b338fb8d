/** Keys of a config, each right by itself, that can't work together. */
export interface Fault {
  /** Begins with the key. */
  readonly message: string;
  readonly hint: string;
  /** A command can still bring what is missing: a preset leaves the folders of data to `--data`. */
  readonly open?: true;
}
