# The tutorial's thumbnails with ProcessPoolExecutor: WORKERS FOLDER IMAGE...
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from PIL import Image, ImageFilter


def create_thumbnail(filename, size=(50, 50), thumb_dir="thumbs"):
    img = Image.open(filename)
    img = img.filter(ImageFilter.GaussianBlur())
    img.thumbnail(size)
    img.save(f"{thumb_dir}/{os.path.basename(filename)}")
    print(f"{filename} was processed...")


if __name__ == "__main__":
    with ProcessPoolExecutor(int(sys.argv[1])) as executor:
        # list() so that an error is one
        list(executor.map(partial(create_thumbnail, thumb_dir=sys.argv[2]), sys.argv[3:]))
