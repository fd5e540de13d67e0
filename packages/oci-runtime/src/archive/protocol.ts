/** What the daemon asks of the archive helper, as its only command line argument (JSON). */
export type HelperRequest =
  | { readonly operation: "stat"; readonly root: string; readonly path: string }
  | {
      readonly operation: "pack"
      readonly root: string
      readonly path: string
      /** Mount points: packed as the empty files and folders they cover. */
      readonly leaveOut?: ReadonlyArray<string>
    }
  | {
      readonly operation: "unpack"
      readonly root: string
      readonly path: string
      readonly noOverwriteDirNonDir: boolean
      /** Gives everything to this owner instead of the one in the archive. */
      readonly owner?: FileOwner
    }

  /** What an overlay's upper folder (the root) changes, one JSON line each, without the paths left out. */
  | {
      readonly operation: "list-changes"
      readonly root: string
      readonly path: "/"
      readonly leaveOut: ReadonlyArray<string>
    }
  /** The same as an image layer's tar. */
  | {
      readonly operation: "pack-changes"
      readonly root: string
      readonly path: "/"
      readonly leaveOut: ReadonlyArray<string>
    }

/** One entry of an upper folder. An opaque directory hides all that the layers below have in its place. */
export interface UpperEntry {
  readonly path: string
  readonly kind: "whiteout" | "directory" | "other"
  readonly opaque: boolean
}

export interface FileOwner {
  readonly uid: number
  readonly gid: number
}

/** Docker's description of a path; `mode` holds Go's `os.FileMode` bits, `mtime` is RFC 3339 with nanoseconds. */
export interface FileStat {
  readonly name: string
  readonly size: number
  readonly mode: number
  readonly mtime: string
  readonly linkTarget: string
}

/** Why the helper refused, in terms the wire can map. */
export type RefusalKind = "not-found" | "not-a-directory" | "read-only" | "invalid" | "no-space" | "failed"

/** The helper's one line on file descriptor 3: the stat before the tar's first byte, or how it ended. */
export type HelperReply =
  | { readonly ok: true; readonly stat?: FileStat }
  | { readonly ok: false; readonly kind: RefusalKind; readonly text: string }
