"""How Django writes dates for people, where no template says otherwise."""
