// What the application has before a chat is opened: a client that holds a conversation.
import { FakeClient, long } from '../fixture/fake'

export let fake = new FakeClient([])

export function begin(count: number): FakeClient {
  fake = new FakeClient(long(count))
  return fake
}
