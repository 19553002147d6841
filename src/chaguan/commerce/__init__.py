"""What the business sells, what was ordered and what it grants: its objects, the money, and the cards that show them."""
