import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createAccount, createToken, type Hub, openHub, recoverRepositories } from "@sockerless/bleephub-core"
import { storeSqlite } from "@sockerless/store"
import { ManagedRuntime } from "effect"

export interface State {
  readonly hub: Hub
  /** The site administrator's token, kept in the state folder for its owner only. */
  readonly adminToken: string
  readonly close: () => Promise<void>
}

const ADMIN = "admin"
const ADMIN_SCOPES = [
  "admin:enterprise",
  "admin:gpg_key",
  "admin:org",
  "admin:org_hook",
  "admin:public_key",
  "admin:repo_hook",
  "admin:ssh_signing_key",
  "delete_repo",
  "gist",
  "notifications",
  "project",
  "repo",
  "site_admin",
  "user",
  "workflow",
  "write:discussion",
  "write:packages"
]

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return (await readFile(file, "utf8")).trim()
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

const administrator = async (hub: Hub, folder: string): Promise<string> => {
  const file = join(folder, "admin-token")
  const known = await readIfThere(file)
  return hub.change(() => {
    const account = hub.tables.accounts.by("login", ADMIN) ?? createAccount(hub, { login: ADMIN, siteAdmin: true })
    return createToken(hub, {
      account,
      scopes: ADMIN_SCOPES,
      note: "administrator",
      ...(known !== undefined && { text: known })
    }).text
  })
}

/** Opens a state folder: the rows, the repositories, what a crash left half done, the administrator. */
export const openState = async (folder: string, worker: URL | undefined): Promise<State> => {
  const repositoriesFolder = join(folder, "repositories")
  await mkdir(repositoriesFolder, { recursive: true, mode: 0o700 })
  const runtime = ManagedRuntime.make(
    storeSqlite({ file: join(folder, "hub.db"), ...(worker !== undefined && { worker }) })
  )
  const hub = await runtime.runPromise(openHub({ repositoriesFolder }))
  await recoverRepositories(hub)
  const adminToken = await administrator(hub, folder)
  const file = join(folder, "admin-token")
  await writeFile(`${file}.new`, `${adminToken}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return { hub, adminToken, close: () => runtime.dispose() }
}
