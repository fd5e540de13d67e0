/** Where this backend keeps its things and what it offers by default. */
export interface LocalOptions {
  /** Survives a reboot: container folders, volumes. */
  readonly dataRoot: string
  /** On a tmpfs: bundles, exit files, sockets. */
  readonly execRoot: string
  /** Four to six hex digits that mark what is ours in shared kernel name spaces. */
  readonly instanceId: string
  readonly defaultBridge: {
    /** Gateway with prefix as dockerd's `--bip`; undefined picks a free pool. */
    readonly address: string | undefined
    readonly mtu: number | undefined
  }
  /** Name servers for containers that name none (`--dns`); empty copies the host's. */
  readonly dns: ReadonlyArray<string>
  /** Built file of the archive helper; undefined runs it from its source. */
  readonly archiveHelper: URL | undefined
}
