"""The full-screen face. Widgets take values and post messages; none sees a session, a provider or the disk."""
