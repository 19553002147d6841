// The page's own button: opens the chat and offers a card of this tea to be sent.
document.getElementById('ask').addEventListener('click', ({ currentTarget }) => {
  const { id, name, price, picture } = currentTarget.dataset
  const card = {
    type: 'card',
    object_type: 'product',
    object_id: id,
    title: name,
    picture: new URL(picture, location.href).href,
    lines: [{ label: '', value: price }],
    fallback: `${name} ${price}`,
  }
  const ready = (window.chaguanReady ??= [])
  ready.push((chaguan) => chaguan.open({ card }))
})
