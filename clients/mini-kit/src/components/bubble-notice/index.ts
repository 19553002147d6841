/** What nobody said: system notices, recalled messages. */
Component({ properties: { text: String } })
