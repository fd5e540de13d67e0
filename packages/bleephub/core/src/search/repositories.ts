import { canSee } from "../access/repository.ts"
import type { Viewer } from "../access/viewer.ts"
import type { Account } from "../accounts/rows.ts"
import { unprocessable } from "../faults.ts"
import type { Hub } from "../hub.ts"
import { fullName } from "../repositories/find.ts"
import type { Repository } from "../repositories/rows.ts"
import type { SearchOrder } from "./issues.ts"
import { inNumbers, inTimes, parseQuery } from "./parse.ts"

type Test = (hub: Hub, viewer: Viewer, repository: Repository, value: string) => boolean

const owner: Test = (hub, viewer, repository, value) => {
  const login = value === "@me" ? (viewer.account?.login ?? "") : value
  return hub.tables.accounts.need(repository.ownerId).login.toLowerCase() === login.toLowerCase()
}

const is: Test = (_hub, _viewer, repository, value) => {
  if (value === "public" || value === "private" || value === "internal") return repository.visibility === value
  if (value === "archived") return repository.archived
  if (value === "template") return repository.isTemplate
  throw unprocessable("Validation Failed", `"${value}" is not a value of is:`)
}

const tests: Readonly<Record<string, Test>> = {
  is,
  user: owner,
  org: owner,
  owner,
  repo: (hub, _viewer, repository, value) => fullName(hub, repository).toLowerCase() === value.toLowerCase(),
  visibility: (_hub, _viewer, repository, value) => repository.visibility === value,
  archived: (_hub, _viewer, repository, value) => repository.archived === (value === "true"),
  template: (_hub, _viewer, repository, value) => repository.isTemplate === (value === "true"),
  topic: (_hub, _viewer, repository, value) => repository.topics.includes(value.toLowerCase()),
  topics: (_hub, _viewer, repository, value) => inNumbers(repository.topics.length, value),
  stars: (hub, _viewer, repository, value) => inNumbers(hub.tables.stars.count("repository", repository.id), value),
  forks: (hub, _viewer, repository, value) => inNumbers(hub.tables.repositories.count("parent", repository.id), value),
  size: (_hub, _viewer, repository, value) => inNumbers(repository.size, value),
  created: (_hub, _viewer, repository, value) => inTimes(repository.createdAt, value),
  pushed: (_hub, _viewer, repository, value) => inTimes(repository.pushedAt, value),
  fork: (_hub, _viewer, repository, value) =>
    value === "true" || (value === "only" ? repository.parentId !== null : repository.parentId === null),
  language: () => false,
  license: () => false
}

const KNOWN = new Set([...Object.keys(tests), "in", "sort"])
const ANY = new Set(["user", "org", "owner", "repo"])

/** The repositories that GitHub's query language finds among those the viewer may see; forks only when asked for. */
export const searchRepositories = (
  hub: Hub,
  viewer: Viewer,
  text: string,
  { sort, order }: SearchOrder = {}
): ReadonlyArray<Repository> => {
  const query = parseQuery(text, KNOWN)
  const asksForks = query.qualifiers.some((one) => one.name === "fork")
  const owners = query.qualifiers.filter((one) => ANY.has(one.name) && !one.negated)
  const others = query.qualifiers.filter((one) => !ANY.has(one.name) || one.negated)
  const found = hub.tables.repositories
    .all()
    .filter((one) => canSee(hub, viewer, one))
    .filter((one) => asksForks || one.parentId === null)
    .filter(
      (one) => owners.length === 0 || owners.some(({ name, value }) => tests[name]?.(hub, viewer, one, value) === true)
    )
    .filter((one) =>
      others.every(({ name, value, negated }) => (tests[name]?.(hub, viewer, one, value) ?? !negated) !== negated)
    )
    .filter((one) => {
      const words = `${one.name} ${fullName(hub, one)} ${one.description ?? ""} ${one.topics.join(" ")}`.toLowerCase()
      return query.words.every((word) => words.includes(word))
    })
  const rank = (one: Repository): number =>
    sort === "stars"
      ? hub.tables.stars.count("repository", one.id)
      : sort === "forks"
        ? hub.tables.repositories.count("parent", one.id)
        : sort === "updated"
          ? one.updatedAt
          : one.createdAt
  const sign = order === "asc" ? 1 : -1
  return found.toSorted((a, b) => sign * (rank(a) - rank(b) || a.id - b.id))
}

const USER_TESTS: Readonly<Record<string, (hub: Hub, account: Account, value: string) => boolean>> = {
  type: (_hub, account, value) => (value === "org") === (account.type === "Organization"),
  user: (_hub, account, value) => account.login.toLowerCase() === value.toLowerCase(),
  org: (_hub, account, value) => account.login.toLowerCase() === value.toLowerCase(),
  location: (_hub, account, value) => account.location?.toLowerCase().includes(value.toLowerCase()) === true,
  fullname: (_hub, account, value) => account.name?.toLowerCase().includes(value.toLowerCase()) === true,
  repos: (hub, account, value) => inNumbers(hub.tables.repositories.count("owner", account.id), value),
  created: (_hub, account, value) => inTimes(account.createdAt, value)
}

/** The users and organizations that GitHub's query language finds. */
export const searchAccounts = (hub: Hub, text: string): ReadonlyArray<Account> => {
  const query = parseQuery(text, new Set([...Object.keys(USER_TESTS), "in", "sort"]))
  return hub.tables.accounts
    .all()
    .filter((one) =>
      query.qualifiers.every(
        ({ name, value, negated }) => (USER_TESTS[name]?.(hub, one, value) ?? !negated) !== negated
      )
    )
    .filter((one) => {
      const words = `${one.login} ${one.name ?? ""} ${one.email ?? ""}`.toLowerCase()
      return query.words.every((word) => words.includes(word))
    })
}
