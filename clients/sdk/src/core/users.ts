import type { User } from '@chaguan/protocol'
import type { Engine } from './engine'

const USERS_AT_ONCE = 200

/** Users by id, from what is held or from the server. */
export interface UsersApi {
  /** A user that is held; every answer that names users brings them along. */
  find(userId: string): User | undefined
  /** Users by id; unknown ids are missing in the answer. */
  get(userIds: string[]): Promise<User[]>
}

export function createUsers(engine: Engine): UsersApi {
  const find = (userId: string): User | undefined => {
    return engine.store.users.get(userId)
  }

  const get = async (userIds: string[]): Promise<User[]> => {
    const missing = userIds.filter((id) => !engine.store.users.has(id))
    for (let i = 0; i < missing.length; i += USERS_AT_ONCE) {
      const user_ids = missing.slice(i, i + USERS_AT_ONCE)
      const answer = await engine.command<'get_users'>({ type: 'get_users', user_ids })
      engine.store.addUsers(answer.users)
    }
    return userIds.map((id) => find(id)).filter((user): user is User => user !== undefined)
  }

  return { find, get }
}
