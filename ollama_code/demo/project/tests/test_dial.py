import unittest

from sundial.dial import announce, shadow


class DialTest(unittest.TestCase):
    def test_the_afternoon_starts_again_at_one(self):
        self.assertEqual(shadow(13), "I")

    def test_no_shadow_at_night(self):
        self.assertEqual(shadow(3), "")

    def test_the_night_has_its_own_sentence(self):
        self.assertEqual(announce(23), "It is night: ask the owl.")


if __name__ == "__main__":
    unittest.main()
