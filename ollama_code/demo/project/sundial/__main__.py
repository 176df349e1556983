import sys
from datetime import datetime

from sundial.dial import announce

print(announce(int(sys.argv[1]) if len(sys.argv) > 1 else datetime.now().hour))
