import unittest

from sundial.roman import from_roman, to_roman


class RomanTest(unittest.TestCase):
    def test_one_letter(self):
        self.assertEqual(to_roman(10), "X")

    def test_smaller_before_larger_is_taken_away(self):
        self.assertEqual(to_roman(4), "IV")

    def test_a_long_one(self):
        self.assertEqual(to_roman(1984), "MCMLXXXIV")

    def test_reading(self):
        self.assertEqual(from_roman("MCMLXXXIV"), 1984)

    def test_there_is_no_zero(self):
        with self.assertRaises(ValueError):
            to_roman(0)

    def test_other_letters_are_no_numeral(self):
        with self.assertRaises(ValueError):
            from_roman("VIP")


if __name__ == "__main__":
    unittest.main()
