import { libcCall, SystemCallFailed } from "./call.ts"

/** Confines this whole process to `path` (chroot(2)); the caller changes directory to "/" afterwards. Irreversible. */
export const chroot = libcCall<[path: string]>("chroot", "int chroot(const char *path)")

/** mknod(2). `mode` holds type and permission bits; `device` is `makedev(major, minor)`. */
export const mknod = libcCall<[path: string, mode: number, device: number]>(
  "mknod",
  "int mknod(const char *path, uint32_t mode, uint64_t device)"
)

/** Device number as the kernel packs it (glibc `makedev`). */
export const makedev = (major: number, minor: number): number =>
  (minor & 0xff) + (major & 0xfff) * 0x100 + (minor & ~0xff) * 0x1000

const lsetxattrCall = libcCall<[path: string, name: string, value: Buffer, size: number, flags: number]>(
  "lsetxattr",
  "int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)"
)

/** Sets an extended attribute without following a final symbolic link. */
export const lsetxattr = (path: string, name: string, value: Buffer): void => {
  lsetxattrCall(path, name, value, value.length, 0)
}

const llistxattrCall = libcCall<[path: string, list: Buffer | null, size: number]>(
  "llistxattr",
  "int64_t llistxattr(const char *path, _Out_ uint8_t *list, size_t size)"
)
const lgetxattrCall = libcCall<[path: string, name: string, value: Buffer | null, size: number]>(
  "lgetxattr",
  "int64_t lgetxattr(const char *path, const char *name, _Out_ uint8_t *value, size_t size)"
)

/** Names of a file's extended attributes, final symbolic link not followed. */
export const llistxattr = (path: string): ReadonlyArray<string> => {
  const size = llistxattrCall(path, null, 0)
  if (size === 0) return []
  const list = Buffer.alloc(size)
  const used = llistxattrCall(path, list, size)
  return list
    .toString("utf8", 0, used)
    .split("\0")
    .filter((name) => name !== "")
}

/** Value of one extended attribute, final symbolic link not followed. */
export const lgetxattr = (path: string, name: string): Buffer => {
  const size = lgetxattrCall(path, name, null, 0)
  if (size === 0) return Buffer.alloc(0)
  const value = Buffer.alloc(size)
  return value.subarray(0, lgetxattrCall(path, name, value, size))
}

const flockCall = libcCall<[fd: number, operation: number]>("flock", "int flock(int fd, int operation)")
const LOCK_EX_NB = 2 | 4

/**
 * Locks the open file for this process and all that inherit its description; false when others hold it. The kernel
 * frees it when the last of them has closed it.
 */
export const tryLock = (fd: number): boolean => {
  try {
    flockCall(fd, LOCK_EX_NB)
    return true
  } catch (error) {
    if (error instanceof SystemCallFailed && error.code === "EAGAIN") return false
    throw error
  }
}
