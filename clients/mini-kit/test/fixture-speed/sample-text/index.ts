Component({ properties: { message: Object } })
