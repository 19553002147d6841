"""Pictures, voice, videos and files: taken in, made safe, stored sealed, handed out by signed links."""
