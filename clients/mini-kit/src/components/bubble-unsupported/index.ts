Component({ properties: { body: Object } })
