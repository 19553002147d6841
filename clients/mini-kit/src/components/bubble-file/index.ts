import { openFile } from '../../hosts'

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, progress: Number, sending: Boolean },
  methods: {
    open() {
      const { src } = this.data.body as { src: string }
      if (src && !this.data.sending) void openFile(src)
    },
  },
})
