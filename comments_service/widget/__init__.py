"""What a site embeds: the script, and an article that shows it."""
